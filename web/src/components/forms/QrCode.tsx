import { Center, Paper } from "@mantine/core";
import { QRCodeSVG } from "qrcode.react";

interface Props {
  text: string;
  /** What the code holds. */
  title: string;
}

/** A code for the camera of another device: always dark on white, as cameras want it. */
export function QrCode({ text, title }: Props) {
  return (
    <Center>
      <Paper bg="white" p="md" maw={288} w="100%">
        <QRCodeSVG value={text} title={title} level="L" size={256} />
      </Paper>
    </Center>
  );
}

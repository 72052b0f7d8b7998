import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconBackspace } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../Dialog";
import type { ControlKey } from "./controls";
import classes from "./PinDialog.module.css";
import { pressed } from "./pinPad";

interface Props {
  control: ControlKey;
  onSend: (pin: string) => void;
  onClose: () => void;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Asks for the car's PIN, by a pad or the keyboard. It is sent, and kept nowhere. */
export default function PinDialog({ control, onSend, onClose }: Props) {
  const { t } = useTranslation("controls");
  const [pin, setPin] = useState("");
  const press = (key: string) => setPin((before) => pressed(before, key));
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    onSend(pin);
  };
  return (
    <Dialog close={onClose} title={t(`ask.${control}`)} size="xs" centered>
      <Stack component="form" align="center" onSubmit={send}>
        <Text size="sm" c="dimmed">
          {t("pin.text")}
        </Text>
        <input
          className={classes.pin}
          value={pin}
          aria-label={t("pin.label")}
          inputMode="none"
          autoComplete="off"
          data-autofocus
          onChange={({ currentTarget }) => setPin([...currentTarget.value].reduce(pressed, ""))}
        />
        <SimpleGrid cols={3} spacing="xs">
          {DIGITS.map((digit) => (
            <Key key={digit} onClick={() => press(digit)}>
              {digit}
            </Key>
          ))}
          <span />
          <Key onClick={() => press("0")}>0</Key>
          <Key onClick={() => press("delete")} label={t("pin.delete")}>
            <IconBackspace aria-hidden />
          </Key>
        </SimpleGrid>
        <Group grow w="100%">
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit">{pin === "" ? t("pin.without") : t(`name.${control}`)}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

interface KeyProps {
  onClick: () => void;
  label?: string;
  children: React.ReactNode;
}

function Key({ onClick, label, children }: KeyProps) {
  return (
    <Button
      variant="default"
      className={classes.key ?? ""}
      onClick={onClick}
      {...(label === undefined ? {} : { "aria-label": label })}
    >
      {children}
    </Button>
  );
}

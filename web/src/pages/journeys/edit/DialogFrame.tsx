import { Button, Group, Stack } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Dialog } from "../../../components/Dialog";
import { Failure } from "../../../components/forms/Failure";

interface Props {
  title: string;
  /** What the button says that does it. */
  action: string;
  onSubmit: () => void;
  isBusy: boolean;
  /** The page below, if it is not one step up. */
  back?: string;
  error: Error | null;
  isDangerous?: boolean;
  /** There is nothing that could be done. */
  isImpossible?: boolean;
  children: ReactNode;
}

/** A dialog with an address of its own: closing it goes back to the page below. */
export function DialogFrame(props: Props) {
  const { t } = useTranslation("journeys");
  const navigate = useNavigate();
  const close = () => navigate(props.back ?? "..", { relative: "path", replace: true });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <Dialog close={close} title={props.title}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {props.children}
          <Failure error={props.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("cancel")}
            </Button>
            {props.isImpossible !== true && (
              <Button
                type="submit"
                loading={props.isBusy}
                {...(props.isDangerous === true ? { color: "red" } : {})}
              >
                {props.action}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

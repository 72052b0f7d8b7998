import { Button, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useChangeDeviceCars } from "../../data/device/cars";
import { forgetVehicle } from "../../data/device/states";
import { useAccountName } from "../../data/session";
import { Dialog } from "../Dialog";
import { useDialog } from "../useDialog";

const DIALOG = "forget";

/** Removes a car of another server from this device, with what was kept of it. */
export default function ForgetCar({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("car");
  const dialog = useDialog();
  const navigate = useNavigate();
  const cars = useChangeDeviceCars();
  const account = useAccountName();
  const forget = async () => {
    await cars.forget(vehicle);
    await forgetVehicle(account, vehicle);
    navigate("/cars", { replace: true });
  };
  return (
    <>
      <Button variant="subtle" color="gray" onClick={() => dialog.open(DIALOG)} w="fit-content">
        {t("forget.button")}
      </Button>
      {dialog.opened === DIALOG && (
        <Dialog close={dialog.close} title={t("forget.title")} centered>
          <Stack>
            <Text size="sm">{t("forget.text")}</Text>
            <Group grow>
              <Button variant="default" onClick={dialog.close} data-autofocus>
                {t("limit.cancel")}
              </Button>
              <Button onClick={() => void forget()}>{t("forget.button")}</Button>
            </Group>
          </Stack>
        </Dialog>
      )}
    </>
  );
}

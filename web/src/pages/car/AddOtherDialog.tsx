import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { OtherCarForm } from "../../components/car/OtherCarForm";
import { Dialog } from "../../components/Dialog";
import { type DeviceCarBody, useChangeDeviceCars } from "../../data/device/cars";

const EMPTY: DeviceCarBody = {
  name: "",
  address: "",
  vehicle_id: "",
  secret: "",
  module_password: null,
};

/** Adds a car that is on another OVMS server. */
export function AddOtherDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("car");
  const navigate = useNavigate();
  const cars = useChangeDeviceCars();
  const add = async (car: DeviceCarBody) => {
    const { id } = await cars.add(car);
    navigate(`/cars/${encodeURIComponent(id)}`, { replace: true });
  };
  return (
    <Dialog close={onClose} title={t("other.title")}>
      <Stack gap="sm">
        <Text size="sm">{t("other.text")}</Text>
        <OtherCarForm begin={EMPTY} submit={t("other.add")} onSubmit={(car) => void add(car)} />
      </Stack>
    </Dialog>
  );
}

import { Button, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { addressProblem, type DeviceCarBody, useChangeDeviceCars } from "../../data/device/cars";

const EMPTY: DeviceCarBody = {
  name: "",
  address: "",
  vehicle_id: "",
  secret: "",
  module_password: null,
};

/** Adds a car that is on another OVMS server; what is typed stays on this device. */
export function AddOtherDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("car");
  const navigate = useNavigate();
  const cars = useChangeDeviceCars();
  const [car, setCar] = useState(EMPTY);
  const [isTried, setTried] = useState(false);
  const problem = addressProblem(car.address, window.location.protocol === "https:");
  const isComplete = problem === null && car.vehicle_id !== "" && car.secret !== "";
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!isComplete) return;
    const { id } = await cars.add(car);
    navigate(`/cars/${encodeURIComponent(id)}`, { replace: true });
  };
  const field = (key: "name" | "address" | "vehicle_id" | "secret") => ({
    label: t(`other.${key}`),
    value: car[key],
    autoComplete: "off",
    onChange: ({ currentTarget }: React.ChangeEvent<HTMLInputElement>) =>
      setCar((before) => ({ ...before, [key]: currentTarget.value.trim() })),
  });
  const missing = (key: "vehicle_id" | "secret") =>
    isTried && car[key] === "" ? t("other.missing") : null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("other.title")}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <Stack component="form" onSubmit={add} gap="sm">
        <Text size="sm">{t("other.text")}</Text>
        <TextInput
          {...field("name")}
          onChange={({ currentTarget }) => setCar({ ...car, name: currentTarget.value })}
        />
        <TextInput
          {...field("address")}
          placeholder="wss://ovms.example:6870/apiv2"
          description={t("other.addressHelp")}
          error={isTried && problem !== null ? t(`other.problem.${problem}`) : null}
        />
        <TextInput {...field("vehicle_id")} error={missing("vehicle_id")} />
        <PasswordInput
          {...field("secret")}
          error={missing("secret")}
          visibilityToggleButtonProps={{ "aria-label": t("sealed.show") }}
        />
        <PasswordInput
          label={t("other.module_password")}
          description={t("other.moduleHelp")}
          value={car.module_password ?? ""}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t("sealed.show") }}
          onChange={({ currentTarget }) =>
            setCar({ ...car, module_password: currentTarget.value || null })
          }
        />
        <Button type="submit">{t("other.add")}</Button>
      </Stack>
    </Modal>
  );
}

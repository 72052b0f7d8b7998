import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type ChangeEvent, type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { addressProblem, type DeviceCarBody } from "../../data/device/cars";

interface Props {
  begin: DeviceCarBody;
  submit: string;
  onSubmit: (car: DeviceCarBody) => void;
}

/** How a car on another server is reached; what is typed stays on this device. */
export function OtherCarForm({ begin, submit, onSubmit }: Props) {
  const { t } = useTranslation("car");
  const [car, setCar] = useState(begin);
  const [isTried, setTried] = useState(false);
  const problem = addressProblem(car.address, window.location.protocol === "https:");
  const isComplete = problem === null && car.vehicle_id !== "" && car.secret !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isComplete) onSubmit(car);
  };
  const field = (key: "name" | "address" | "vehicle_id" | "secret") => ({
    label: t(`other.${key}`),
    value: car[key],
    autoComplete: "off",
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) =>
      setCar((before) => ({ ...before, [key]: currentTarget.value.trim() })),
  });
  const missing = (key: "vehicle_id" | "secret") =>
    isTried && car[key] === "" ? t("other.missing") : null;
  return (
    <Stack component="form" onSubmit={send} gap="sm">
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
      <Button type="submit">{submit}</Button>
    </Stack>
  );
}

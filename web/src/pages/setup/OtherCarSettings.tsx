import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import ForgetCar from "../../components/car/ForgetCar";
import { OtherCarForm } from "../../components/car/OtherCarForm";
import { AreaPage } from "../../components/forms/AreaPage";
import { PageSkeleton } from "../../components/PageSkeleton";
import { type DeviceCarBody, useChangeDeviceCars, useDeviceCars } from "../../data/device/cars";
import NotFoundPage from "../more/NotFoundPage";

/** How this device reaches a car that is on another server; the rest is set there. */
export function OtherCarSettings({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("car");
  const navigate = useNavigate();
  const { data: cars } = useDeviceCars();
  const { change } = useChangeDeviceCars();
  if (cars === undefined) return <PageSkeleton />;
  const car = cars.find(({ id }) => id === vehicle);
  if (car === undefined) return <NotFoundPage />;
  const save = async (body: DeviceCarBody) => {
    await change({ ...body, id: vehicle });
    navigate(`/cars/${encodeURIComponent(vehicle)}`);
  };
  return (
    <AreaPage title={car.name || car.vehicle_id} pages={[]}>
      <Text>{t("other.settings")}</Text>
      <OtherCarForm begin={car} submit={t("other.save")} onSubmit={(body) => void save(body)} />
      <ForgetCar vehicle={vehicle} />
    </AreaPage>
  );
}

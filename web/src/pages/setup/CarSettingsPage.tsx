import { useTranslation } from "react-i18next";
import { Route, Routes, useParams } from "react-router";
import { AreaPage } from "../../components/forms/AreaPage";
import { Reading } from "../../components/Reading";
import { nameOf } from "../../components/VehicleSwitch";
import { isDeviceCar } from "../../data/device/cars";
import { useVehicleFacts } from "../../data/vehicles";
import { Channels } from "./Channels";
import { DangerZone } from "./DangerZone";
import { OtherCarSettings } from "./OtherCarSettings";
import { Provision } from "./Provision";
import { Sharing } from "./Sharing";
import { VehicleForm } from "./VehicleForm";

/** How the server treats a car: its name, what is kept, who may see it, who is told of alerts. */
export default function CarSettingsPage() {
  const { vehicle: id = "" } = useParams();
  return isDeviceCar(id) ? <OtherCarSettings key={id} vehicle={id} /> : <Settings id={id} />;
}

function Settings({ id }: { id: string }) {
  const { t } = useTranslation("setup");
  const reading = useVehicleFacts(id);
  const vehicle = reading.data;
  if (vehicle === undefined) return <Reading query={reading} />;
  const base = `/cars/${encodeURIComponent(id)}/settings`;
  const pages = [
    { to: base, label: t("car.general") },
    { to: `${base}/alerts`, label: t("car.alerts") },
    ...(vehicle.is_own
      ? [
          { to: `${base}/sharing`, label: t("car.sharing") },
          { to: `${base}/provision`, label: t("car.provision") },
          { to: `${base}/module`, label: t("car.module") },
        ]
      : []),
  ];
  return (
    <AreaPage title={t("car.title", { vehicle: nameOf(vehicle) })} pages={pages}>
      <Routes>
        <Route index element={<VehicleForm key={id} vehicle={vehicle} />} />
        <Route path="alerts" element={<Channels key={id} vehicle={vehicle} />} />
        <Route path="sharing" element={<Sharing key={id} vehicle={id} />} />
        <Route path="provision" element={<Provision key={id} vehicle={id} />} />
        <Route path="module" element={<DangerZone key={id} vehicle={id} />} />
      </Routes>
    </AreaPage>
  );
}

import { useTranslation } from "react-i18next";
import { Route, Routes } from "react-router";
import { AreaPage } from "../../components/forms/AreaPage";
import { AddVehicle } from "./AddVehicle";
import { ModuleSetup } from "./ModuleSetup";
import { VehicleChoice } from "./VehicleChoice";

/** Gets a module in: a vehicle is made, its module is set, and the server says what it sees. */
export default function SetupPage() {
  const { t } = useTranslation("setup");
  return (
    <AreaPage title={t("title")} pages={[]}>
      <Routes>
        <Route index element={<VehicleChoice />} />
        <Route path="new" element={<AddVehicle />} />
        <Route path="module/:vehicle" element={<ModuleSetup />} />
      </Routes>
    </AreaPage>
  );
}

import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Route, Routes } from "react-router";
import { AreaPage } from "../../components/forms/AreaPage";
import { useSession } from "../../data/session";
import { AdminAudit } from "./AdminAudit";
import { AdminVehicles } from "./AdminVehicles";
import { Connections } from "./Connections";
import { OwnerPage } from "./OwnerPage";
import { Owners } from "./Owners";
import { ServerHealth } from "./ServerHealth";

/** The whole server, for its administrators. */
export default function AdminPage() {
  const { t } = useTranslation("admin");
  const { data: who } = useSession();
  const pages = [
    { to: "/admin", label: t("pages.health") },
    { to: "/admin/owners", label: t("pages.owners") },
    { to: "/admin/vehicles", label: t("pages.vehicles") },
    { to: "/admin/connections", label: t("pages.connections") },
    { to: "/admin/log", label: t("pages.log") },
  ];
  if (who && !who.is_admin) {
    return (
      <AreaPage title={t("title")} pages={[]}>
        <Text>{t("forAdmins")}</Text>
      </AreaPage>
    );
  }
  return (
    <AreaPage title={t("title")} pages={pages}>
      <Routes>
        <Route index element={<ServerHealth />} />
        <Route path="owners" element={<Owners />} />
        <Route path="owners/:name" element={<OwnerPage />} />
        <Route path="vehicles" element={<AdminVehicles />} />
        <Route path="connections" element={<Connections />} />
        <Route path="log" element={<AdminAudit />} />
      </Routes>
    </AreaPage>
  );
}

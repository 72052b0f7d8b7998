import { useTranslation } from "react-i18next";
import { Route, Routes } from "react-router";
import { AreaPage } from "../../components/forms/AreaPage";
import { AuditList } from "./AuditList";
import { DataSection } from "./DataSection";
import { Overview } from "./Overview";
import { ReceivedShares } from "./ReceivedShares";
import { SecurityPage } from "./SecurityPage";
import { Tokens } from "./Tokens";

/** The caller's own account. */
export default function AccountPage() {
  const { t } = useTranslation("account");
  const pages = [
    { to: "/account", label: t("pages.overview") },
    { to: "/account/security", label: t("pages.security") },
    { to: "/account/tokens", label: t("pages.tokens") },
    { to: "/account/shared", label: t("pages.shared") },
    { to: "/account/log", label: t("pages.log") },
    { to: "/account/data", label: t("pages.data") },
  ];
  return (
    <AreaPage title={t("title")} pages={pages}>
      <Routes>
        <Route index element={<Overview />} />
        <Route path="security" element={<SecurityPage />} />
        <Route path="tokens" element={<Tokens />} />
        <Route path="shared" element={<ReceivedShares />} />
        <Route path="log" element={<AuditList />} />
        <Route path="data" element={<DataSection />} />
      </Routes>
    </AreaPage>
  );
}

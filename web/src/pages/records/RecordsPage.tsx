import { useTranslation } from "react-i18next";
import { EmptyPage } from "../../components/EmptyPage";
import { usePageTitle } from "../../components/usePageTitle";

export default function RecordsPage() {
  const { t } = useTranslation(["common", "alerts"]);
  usePageTitle(t("nav.records"));
  return <EmptyPage title={t("nav.records")} text={t("alerts:empty")} />;
}

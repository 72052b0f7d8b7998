import { useTranslation } from "react-i18next";
import { EmptyPage } from "../../components/EmptyPage";
import { usePageTitle } from "../../components/usePageTitle";

export default function ChartsPage() {
  const { t } = useTranslation("charts");
  usePageTitle(t("title"));
  return <EmptyPage title={t("title")} text={t("empty")} />;
}

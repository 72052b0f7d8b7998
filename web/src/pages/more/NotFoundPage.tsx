import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyPage } from "../../components/EmptyPage";
import { usePageTitle } from "../../components/usePageTitle";

export default function NotFoundPage() {
  const { t } = useTranslation();
  usePageTitle(t("notFound.title"));
  return (
    <EmptyPage title={t("notFound.title")} text={t("notFound.text")}>
      <Button component={Link} to="/" w="fit-content">
        {t("notFound.home")}
      </Button>
    </EmptyPage>
  );
}

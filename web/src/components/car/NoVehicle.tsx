import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyPage } from "../EmptyPage";
import { usePageTitle } from "../usePageTitle";

/** Says that there is no such vehicle for whoever is logged in. */
export default function NoVehicle() {
  const { t } = useTranslation("car");
  usePageTitle(t("refused.title"));
  return (
    <EmptyPage title={t("refused.title")} text={t("refused.text")}>
      <Button component={Link} to="/cars" w="fit-content">
        {t("cars.title")}
      </Button>
    </EmptyPage>
  );
}

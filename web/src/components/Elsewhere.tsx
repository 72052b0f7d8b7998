import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyPage } from "./EmptyPage";
import { usePageTitle } from "./usePageTitle";

interface Props {
  vehicle: string;
  title: string;
  /** What only the car's own server knows, and where it is to be had. */
  text: string;
}

/** In place of a page that this server cannot fill: the car is on another one. */
export function Elsewhere({ vehicle, title, text }: Props) {
  const { t } = useTranslation();
  usePageTitle(title);
  return (
    <EmptyPage title={title} text={text}>
      <Button
        component={Link}
        to={`/cars/${encodeURIComponent(vehicle)}`}
        variant="default"
        w="fit-content"
      >
        {t("notFound.home")}
      </Button>
    </EmptyPage>
  );
}

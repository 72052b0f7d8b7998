import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyPage } from "./EmptyPage";

interface Props {
  children: ReactNode;
}

/** Shows a page of its own in place of one that failed; the rest of the app goes on. */
export class ErrorBoundary extends Component<Props, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <FailedPage /> : this.props.children;
  }
}

function FailedPage() {
  const { t } = useTranslation();
  return (
    <EmptyPage title={t("error.title")} text={t("error.text")}>
      <Button onClick={() => window.location.reload()} w="fit-content">
        {t("error.again")}
      </Button>
    </EmptyPage>
  );
}

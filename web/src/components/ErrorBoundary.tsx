import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyPage } from "./EmptyPage";
import { isMissing } from "./loading";

interface Props {
  children: ReactNode;
}

/** A part of the app could not be loaded, or it has a fault. */
type Failure = "missing" | "fault";

interface State {
  failure: Failure | null;
}

/** Shows a page of its own in place of one that failed; the rest of the app goes on. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failure: null };

  static getDerivedStateFromError(error: unknown): State {
    return { failure: isMissing(error) ? "missing" : "fault" };
  }

  override render() {
    const { failure } = this.state;
    return failure === null ? this.props.children : <FailedPage failure={failure} />;
  }
}

function FailedPage({ failure }: { failure: Failure }) {
  const { t } = useTranslation();
  return (
    <EmptyPage title={t(`error.${failure}.title`)} text={t(`error.${failure}.text`)}>
      <Button onClick={() => window.location.reload()} w="fit-content">
        {t("error.again")}
      </Button>
    </EmptyPage>
  );
}

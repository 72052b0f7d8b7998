import { useTranslation } from "react-i18next";
import { ApiError } from "../data/api";

/** Return what tells a person why a call failed. */
export function useErrorText(): (error: Error) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return t("error.fault.text");
    if (error.status === 0) return t("error.noConnection");
    if (error.status >= 500) return t("error.server");
    const wait = error.wait === null ? "" : ` ${t("error.wait", { count: error.wait })}`;
    return `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.${wait}`;
  };
}

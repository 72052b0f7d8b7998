import { useTranslation } from "react-i18next";
import { actionKey } from "../../data/auditActions";

/** Return what people call an action of the audit trail; one of a newer server is its own name. */
export function useActionName(): (action: string) => string {
  const { t } = useTranslation("audit");
  return (action) => {
    const key = actionKey(action);
    return key === null ? action : t(`actions.${key}`);
  };
}

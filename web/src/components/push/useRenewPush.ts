import { useEffect } from "react";
import { deviceName, renewPush } from "../../data/push";
import { useSession } from "../../data/session";

/** At each start of the app tell the server where this device is reached, if it is to be. */
export function useRenewPush(): void {
  const owner = useSession().data?.owner;
  useEffect(() => {
    if (owner === undefined) return;
    renewPush(deviceName(navigator.userAgent)).catch(() => undefined); // the next start tries again
  }, [owner]);
}

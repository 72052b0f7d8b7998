import { Passkeys } from "./Passkeys";
import { PasswordSection } from "./PasswordSection";
import { Sessions } from "./Sessions";
import { TotpSection } from "./TotpSection";

/** How one logs in here, and where one is logged in. */
export function SecurityPage() {
  return (
    <>
      <PasswordSection />
      <TotpSection />
      <Passkeys />
      <Sessions />
    </>
  );
}

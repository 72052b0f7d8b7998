// The actions of the audit trail that have words of their own; a test compares them with the server's.

export const ACTIONS = [
  "account.change",
  "account.export",
  "audit.lost",
  "audit.skipped",
  "backup.make",
  "backup.restore",
  "channel.put",
  "channel.remove",
  "channel.test",
  "command",
  "command.withdrawn",
  "connection.end",
  "email.changed",
  "history.dropped",
  "history.full",
  "history.near",
  "history.room",
  "journey-alerts.change",
  "journey.change",
  "journey.merge",
  "journey.rebuild",
  "journey.split",
  "journey.undo",
  "key.change",
  "key.reset",
  "link.add",
  "link.remove",
  "login.failed",
  "login.passkey",
  "login.passkey_copied",
  "login.password",
  "login.token",
  "owner.add",
  "owner.change",
  "owner.remove",
  "owner.reset",
  "passkey.add",
  "passkey.remove",
  "password.change",
  "password.reset",
  "place.add",
  "place.change",
  "place.remove",
  "place.tariff",
  "provision.put",
  "provision.remove",
  "push.put",
  "push.remove",
  "push.test",
  "registered",
  "session.end",
  "session.open",
  "setup",
  "share.end",
  "share.put",
  "share.remove",
  "token.add",
  "token.change",
  "token.remove",
  "totp.off",
  "totp.on",
  "totp.recovery_codes",
  "vehicle.add",
  "vehicle.change",
  "vehicle.erase",
  "vehicle.export",
  "vehicle.import",
  "vehicle.remove",
  "vehicle.secret",
  "vehicle.transfer",
] as const;

type Action = (typeof ACTIONS)[number];

/** A key of the catalogue, in which a point would lead to another level. */
type Key<Name extends string> = Name extends `${infer Area}.${infer Rest}`
  ? `${Area}_${Rest}`
  : Name;

/** Return the key of an action's words; null for one of a newer server. */
export function actionKey(action: string): Key<Action> | null {
  const known = ACTIONS.find((each) => each === action);
  return known === undefined ? null : (known.replace(".", "_") as Key<Action>);
}

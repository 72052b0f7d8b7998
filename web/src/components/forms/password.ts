// What a new password must be, and what it should be.

/** What the server takes at most, in bytes of UTF-8. */
export const PASSWORD_LIMIT = 512;

/** Characters that a password should have at least. */
export const PASSWORD_LENGTH = 12;

export type PasswordRule = "length" | "blanks" | "name";

/** Return which rules a password keeps, given the name of the account. */
export function rulesOf(password: string, name: string): Record<PasswordRule, boolean> {
  const holds = name.trim() !== "" && password.toLowerCase().includes(name.trim().toLowerCase());
  const bytes = new TextEncoder().encode(password).length;
  return {
    length: [...password].length >= PASSWORD_LENGTH && bytes <= PASSWORD_LIMIT,
    blanks: password !== "" && !/\s/u.test(password),
    name: password !== "" && !holds,
  };
}

/** Return whether a password keeps all rules. */
export function isGoodPassword(password: string, name: string): boolean {
  return Object.values(rulesOf(password, name)).every(Boolean);
}

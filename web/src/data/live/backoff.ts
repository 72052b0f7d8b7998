// How long to wait before trying again.

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 60_000;

/**
 * Return the milliseconds to wait after so many failures in a row: twice as long each time, up to
 * a minute, less up to half of it by chance, so that not all pages come back at one moment.
 */
export function retryDelay(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(FIRST_DELAY * 2 ** Math.max(0, failures - 1), LONGEST_DELAY);
  return Math.round(whole * (1 - random() / 2));
}

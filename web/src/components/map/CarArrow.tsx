import classes from "./CarArrow.module.css";

interface Props {
  /** Degrees from the top of the screen; null is not known: a dot. */
  turn: number | null;
  /** What it shows may be wrong by now. */
  isOld: boolean;
  label: string;
  size?: number;
}

/** A car seen from far above: an arrow to where it looks, hollow if that is old. */
export function CarArrow({ turn, isOld, label, size = 40 }: Props) {
  const look = `${classes.arrow} ${isOld ? classes.old : classes.fresh}`;
  return (
    <svg
      className={look}
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox="0 0 40 40"
    >
      {turn === null ? (
        <circle cx={20} cy={20} r={10} strokeWidth={3} />
      ) : (
        <path
          d="M20 4 33 34 20 28 7 34Z"
          transform={`rotate(${turn} 20 20)`}
          strokeWidth={3}
          strokeLinejoin="round"
        />
      )}
    </svg>
  );
}

import { Group, Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useFigures } from "../../data/figures";
import classes from "./BatteryBar.module.css";

interface Props {
  soc: number | null;
  /** The charge is not what it may be now. */
  isOld: boolean;
  isCharging: boolean;
  /** Where the handle stands, percent; null is a car that has no limit to show. */
  limit: number | null;
  /**
   * Called with a new limit while the handle moves, with null when it goes back; null where it
   * cannot be set.
   */
  onLimit: ((limit: number | null) => void) | null;
}

/** Below so much the bar warns. */
const LOW = 10;
/** A limit below this would strand somebody by a slip of the thumb. */
const LEAST_LIMIT = 20;

/** Shows the charge as a bar, and the limit of it as a handle. */
export const BatteryBar = memo(function BatteryBar(props: Props) {
  const { soc, isOld, isCharging, limit, onLimit } = props;
  const { t } = useTranslation("car");
  const { percent } = useFigures();
  const tone = isOld ? classes.old : soc !== null && soc <= LOW && !isCharging ? classes.low : "";
  return (
    <div>
      <Group justify="space-between" align="baseline" gap="0 md" mb={4}>
        <Text fz={40} fw={650} lh={1.1} c={isOld ? "dimmed" : "inherit"}>
          {percent(soc)}
        </Text>
        {limit !== null && (
          <Text size="sm" c="dimmed">
            {t("limit.shown", { limit: percent(limit) })}
          </Text>
        )}
      </Group>
      <div className={classes.holder}>
        <div
          className={`${classes.bar} ${soc === null ? classes.unknown : ""}`}
          role="img"
          aria-label={t("socIs", { soc: soc === null ? t("unknown") : percent(soc) })}
        >
          {soc !== null && (
            <div
              className={`${classes.fill} ${tone}`}
              style={{ transform: `translateX(${soc - 100}%)` }}
            />
          )}
        </div>
        {limit !== null && <LimitHandle limit={limit} onLimit={onLimit} />}
      </div>
    </div>
  );
});

function LimitHandle({ limit, onLimit }: { limit: number; onLimit: Props["onLimit"] }) {
  const { t } = useTranslation("car");
  const { percent } = useFigures();
  return (
    <input
      type="range"
      className={classes.limit}
      value={limit}
      min={0}
      max={100}
      step={1}
      disabled={onLimit === null}
      aria-label={t("limit.handle")}
      aria-valuetext={percent(limit)}
      onKeyDown={({ key }) => key === "Escape" && onLimit?.(null)}
      onChange={({ currentTarget }) =>
        onLimit?.(Math.max(LEAST_LIMIT, currentTarget.valueAsNumber))
      }
    />
  );
}

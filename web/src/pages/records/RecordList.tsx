import { Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { IconDownload, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useCar } from "../../components/car/useCar";
import { useFormat } from "../../components/charts/useFormat";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import { ApiError } from "../../data/api";
import { type RecordPage, recordsCsv, useRecords } from "../../data/history";
import { DeleteDialog } from "./DeleteDialog";
import { filterOf, paramsOf, type Shown } from "./filter";
import { RecordFilters } from "./RecordFilters";
import { RecordItem } from "./RecordItem";
import classes from "./Records.module.css";

interface Props {
  vehicle: string;
  shown: Shown;
}

/** The records of a type, what is chosen of them, as a file, and their end. */
export function RecordList({ vehicle, shown }: Props) {
  const { t } = useTranslation("records");
  const [, setParams] = useSearchParams();
  const { zone } = useFormat();
  const filter = filterOf(shown, zone);
  const list = useRecords(vehicle, filter);
  const dialog = useDialog();
  const mayManage = useCar(vehicle).rights.includes("manage");
  const isHidden = list.error instanceof ApiError && list.error.code === "no_right";
  return (
    <>
      <Anchor component={Link} to=".">
        {t("back")}
      </Anchor>
      <Text fw={650} component="h2" m={0}>
        {shown.type}
      </Text>
      <RecordFilters
        shown={shown}
        onChange={(next) => setParams(paramsOf(next), { replace: true })}
      />
      <Group gap="xs">
        <Button
          component="a"
          variant="default"
          href={recordsCsv(vehicle, filter)}
          download
          leftSection={<IconDownload size={18} aria-hidden />}
        >
          {t("csv")}
        </Button>
        {mayManage && (
          <Button
            variant="default"
            leftSection={<IconTrash size={18} aria-hidden />}
            onClick={() => dialog.open("delete")}
          >
            {t("delete.open")}
          </Button>
        )}
      </Group>
      {isHidden ? (
        <Alert role="note" color="gray">
          {t("hidden")}
        </Alert>
      ) : (
        <Reading title={t("failed")} query={list} />
      )}
      {list.data !== undefined && <Items page={list.data} />}
      {list.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t("more")}
        </Button>
      )}
      {dialog.opened === "delete" && mayManage && (
        <DeleteDialog vehicle={vehicle} shown={shown} onClose={dialog.close} />
      )}
    </>
  );
}

function Items({ page }: { page: RecordPage }) {
  const { t } = useTranslation("records");
  if (page.items.length === 0) return <Text c="dimmed">{t("noneChosen")}</Text>;
  return (
    <ul className={classes.list} aria-label={page.type}>
      {page.items.map((record, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may be alike, and none has an id
        <RecordItem key={index} record={record} units={page.units} />
      ))}
    </ul>
  );
}

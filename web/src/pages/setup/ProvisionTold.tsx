import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ProvisionParameter } from "../../data/provision";

/** The parameters of modules that have a name of ours, by their numbers. */
const NAMED = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as const;

/** What a module gets: the number, the name and the value of each parameter. */
export function ProvisionTold({ parameters }: { parameters: readonly ProvisionParameter[] }) {
  const { t } = useTranslation(["setup", "controls"]);
  const shownOf = (value: string) => {
    if (value === "*") return t("provision.password");
    return value === "" ? t("provision.empty") : value;
  };
  return (
    <Table
      fz="sm"
      layout="fixed"
      verticalSpacing={4}
      horizontalSpacing={8}
      aria-label={t("provision.gets")}
    >
      <Table.Tbody>
        {parameters.map(({ number, name, value }) => {
          const known = NAMED.find((each) => each === number);
          return (
            <Table.Tr key={number}>
              <Table.Td w={36}>{number}</Table.Td>
              <Table.Td>
                {known === undefined ? name : t(`controls:parameters.name.${known}`)}
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{shownOf(value)}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

import { Button, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Failure } from "../../components/forms/Failure";
import { Section } from "../../components/forms/Section";
import { useKeepSecret } from "../../data/moduleSetup";
import { useAddVehicle } from "../../data/vehicles";
import { idProblem } from "./vehicleId";

/** Makes a vehicle with a strong secret, and leads to what to set in its module. */
export function AddVehicle() {
  const { t } = useTranslation("setup");
  const add = useAddVehicle();
  const keep = useKeepSecret();
  const navigate = useNavigate();
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const problem = idProblem(id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(
      { body: { id, name } },
      {
        onSuccess: (made) => {
          if (made.secret !== null) keep(made.id, made.secret);
          navigate(`/setup/module/${encodeURIComponent(made.id)}`, { replace: true });
        },
      },
    );
  };
  return (
    <Section title={t("add.title")} text={t("add.text")}>
      <form onSubmit={submit}>
        <Stack maw={440}>
          <TextInput
            label={t("add.id")}
            description={t("add.idHelp")}
            error={id !== "" && problem !== null ? t(`add.problems.${problem}`) : null}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            required
            value={id}
            onChange={({ currentTarget }) => setId(currentTarget.value.trim().toUpperCase())}
          />
          <TextInput
            label={t("add.name")}
            description={t("add.nameHelp")}
            autoComplete="off"
            maxLength={64}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Failure error={add.error} />
          <Button type="submit" loading={add.isPending} disabled={problem !== null} w="fit-content">
            {t("add.submit")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

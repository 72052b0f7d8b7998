import "i18next";
import type account from "./locales/en/account.json";
import type admin from "./locales/en/admin.json";
import type alerts from "./locales/en/alerts.json";
import type audit from "./locales/en/audit.json";
import type car from "./locales/en/car.json";
import type charts from "./locales/en/charts.json";
import type common from "./locales/en/common.json";
import type controls from "./locales/en/controls.json";
import type journeys from "./locales/en/journeys.json";
import type map from "./locales/en/map.json";
import type records from "./locales/en/records.json";
import type setup from "./locales/en/setup.json";

// The English catalogue says which keys there are: t() with another one does not compile.
declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: {
      account: typeof account;
      admin: typeof admin;
      alerts: typeof alerts;
      audit: typeof audit;
      car: typeof car;
      charts: typeof charts;
      common: typeof common;
      controls: typeof controls;
      journeys: typeof journeys;
      map: typeof map;
      records: typeof records;
      setup: typeof setup;
    };
  }
}

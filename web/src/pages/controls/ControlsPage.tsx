import { Route, Routes } from "react-router";
import NotFoundPage from "../more/NotFoundPage";
import { ButtonsPage } from "./ButtonsPage";
import { ModuleSettingsPage } from "./ModuleSettingsPage";
import { ShellPage } from "./ShellPage";

/** The controls of a car: its buttons, and below them what one needs less often. */
export default function ControlsPage() {
  return (
    <Routes>
      <Route index element={<ButtonsPage />} />
      <Route path="shell" element={<ShellPage />} />
      <Route path="features" element={<ModuleSettingsPage key="features" kind="features" />} />
      <Route
        path="parameters"
        element={<ModuleSettingsPage key="parameters" kind="parameters" />}
      />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}

import { Route, Routes } from "react-router";
import NotFoundPage from "../more/NotFoundPage";
import { ButtonsPage } from "./ButtonsPage";

/** The controls of a car: its buttons, and below them what one needs less often. */
export default function ControlsPage() {
  return (
    <Routes>
      <Route index element={<ButtonsPage />} />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}

import { NavLink } from "react-router";
import classes from "./SubNav.module.css";

interface Props {
  /** What the links lead through. */
  label: string;
  pages: readonly { to: string; label: string }[];
}

/** Leads through the pages of an area. The first one is the area's own address. */
export function SubNav({ label, pages }: Props) {
  return (
    <nav aria-label={label} className={classes.nav}>
      {pages.map(({ to, label }, index) => (
        <NavLink key={to} to={to} end={index === 0} className={`${classes.link}`}>
          {label}
        </NavLink>
      ))}
    </nav>
  );
}

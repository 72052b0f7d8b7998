/** Addresses of dialogs that are below the address of their page. */
const DIALOGS = [
  /^(\/cars)\/add-other$/,
  /^(\/cars\/[^/]+\/journeys\/places)\/.+$/,
  /^(\/cars\/[^/]+\/journeys\/\d+)\/.+$/,
];

/** Return the address of the page that an address shows, without the dialog that is open on it. */
export function pageOf(pathname: string): string {
  const path = pathname.replace(/(.)\/+$/, "$1");
  for (const dialog of DIALOGS) {
    const page = dialog.exec(path)?.[1];
    if (page !== undefined) return page;
  }
  return path;
}

export default function View(_props: { vehicle?: string }) {
  return null;
}

import { Logs } from './logs';

export default function Page() {
  return <Logs />;
}

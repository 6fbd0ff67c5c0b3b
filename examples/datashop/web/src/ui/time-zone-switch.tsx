import { Segmented } from './segmented.tsx';
import { type TimeZone, useTime } from './time.tsx';

export function TimeZoneSwitch() {
  const { zone, setZone } = useTime();
  return (
    <Segmented<TimeZone>
      legend="Times"
      name="zone"
      value={zone}
      onChange={setZone}
      options={[
        { value: 'local', label: 'Local' },
        { value: 'utc', label: 'UTC' },
      ]}
    />
  );
}

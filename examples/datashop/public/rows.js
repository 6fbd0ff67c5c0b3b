// @ts-check

const LEVELS = new Set(['DEBUG', 'INFO', 'WARN', 'ERROR']);

const time = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/**
 * What a log says, as text and never as markup: a pipeline logs whatever its data held.
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/**
 * @param {import('./book.js').Log} log
 * @param {boolean} fresh whether it came just now
 */
export function logRow(log, fresh) {
  const row = document.createElement('tr');
  if (LEVELS.has(log.logLevel)) row.classList.add(log.logLevel);
  if (fresh) row.classList.add('fresh');

  const when = document.createElement('time');
  when.dateTime = log.isoTime;
  when.title = log.isoTime;
  when.textContent = time.format(log.meta.timestamp);
  const timeCell = element('td', 'time', '');
  timeCell.append(when);

  const level = element('td', 'mark', '');
  level.append(element('span', 'level', log.logLevel));

  const message = element('td', 'message', log.message);
  if (log.description) message.append(element('span', 'detail', log.description));

  row.append(timeCell, level, element('td', 'stage', log.stageName), message, element('td', 'number', log.duration));
  return row;
}

/** @param {string} reason */
export function gapRow(reason) {
  const row = document.createElement('tr');
  row.className = 'gap';
  const cell = document.createElement('td');
  cell.colSpan = 5;
  cell.textContent = `Logs may be missing here (${reason})`;
  row.append(cell);
  return row;
}

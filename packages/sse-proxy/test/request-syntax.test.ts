import { expect } from 'chai';
import { trimHttp } from '../src/http.ts';
import { acceptsEventStream } from '../src/request/accept.ts';

describe('the Accept field of a request', () => {
  const accepted = [
    ...[undefined, '', 'text/event-stream', 'TEXT/Event-Stream', 'text/*', '*/*', 'text/html, */*;q=0.1'],
    ...['text/html;q=0.9,text/event-stream;q=0.001', 'text/event-stream;charset=utf-8', '*/*;q=0, text/event-stream'],
    ...['text/*;q=0,text/event-stream', 'text/event-stream\t;\tq=1.000', ', ,text/event-stream,'],
  ];
  for (const accept of accepted) {
    it(`Accept allows an event stream: ${accept}`, () => expect(acceptsEventStream(accept)).to.equal(true));
  }

  const refused = [
    ...['text/html', 'application/json, text/html', 'text/event-stream;q=0', '*/*;q=0.000', 'text/event-streams'],
    ...[
      '*/*, text/event-stream;q=0',
      'text/*;q=0, */*',
      'text/event-stream; Q=0.0',
      '\xa0text/event-stream',
      'nonsense',
    ],
  ];
  for (const accept of refused) {
    it(`Accept excludes an event stream: ${JSON.stringify(accept)}`, () =>
      expect(acceptsEventStream(accept)).to.equal(false));
  }
});

describe('HTTP whitespace', () => {
  it('HTTP whitespace is space and TAB, and nothing else that trim() removes [R12]', () => {
    expect(trimHttp(' \t a\tb \t')).to.equal('a\tb');
    expect(trimHttp(' \t')).to.equal('');
    for (const other of ['\xa0', '\ufeff', '\u2028', '\v', '\f', '\r', '\n', '\u3000']) {
      expect(trimHttp(`${other}a${other}`)).to.equal(`${other}a${other}`);
    }
  });
});

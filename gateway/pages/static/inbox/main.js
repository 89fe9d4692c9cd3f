/** /inbox: the demo. A person's live inbox beside what a backend service does. */
import { showConnection } from '../lib/connection-light.js';
import { byId } from '../lib/dom.js';
import { sentenceOf } from '../lib/graphql-http.js';
import { startComposer } from './composer.js';
import { MessageList } from './message-list.js';
import { startPush } from './push.js';
import { SandboxPanel } from './sandbox-panel.js';
import { DemoSession } from './session.js';
import { TimelinePanel } from './timeline-panel.js';

/** @param {string | undefined} sentence */
function notice(sentence) {
  const place = byId('notice');
  place.hidden = sentence === undefined;
  if (sentence !== undefined && place.textContent !== sentence) place.textContent = sentence;
}

const session = new DemoSession();
try {
  byId('user').textContent = (await session.get()).user;
  const sandbox = new SandboxPanel(session);
  const timeline = new TimelinePanel(session, () => sandbox.refresh());
  startComposer(session, (notification) => timeline.show(notification));
  sandbox.refresh();
  const messages = new MessageList(session, { onError: notice, onState: showConnection });
  await Promise.all([messages.start(), startPush(session)]);
} catch (error) {
  notice(sentenceOf(error));
  showConnection('waiting');
  byId('connection').textContent = 'Not connected';
}

// Strangers who send: the client of Standard Webhooks signs, and the CloudEvents SDK emits, to hooks of a running host.
import assert from 'node:assert/strict';
import test from 'node:test';

import {CloudEvent, emitterFor, HTTP, httpTransport, Mode} from 'cloudevents';
import {Webhook} from 'standardwebhooks';

const {HOOKS, SECRET, OTHER_SECRET} = process.env;

async function send(path, headers, body) {
  const response = await fetch(HOOKS + path, {method: 'POST', headers, body});
  const text = await response.text();
  return {status: response.status, answer: text ? JSON.parse(text) : null};
}

/// One message as the client signs it; `secret` may be another than the sender's.
const signed = (id, payload, {at = new Date(), secret = SECRET, sent = payload} = {}) =>
  send('/hooks/signed', {'Content-Type': 'application/json', 'webhook-id': id,
                         'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
                         'webhook-signature': new Webhook(secret).sign(id, at, payload)}, sent);
const loan = (id) => JSON.stringify({loan: id, note: 'Grüße 🏠'});

test('a message that the client signed is an event, and its id tells a repeat', async () => {
  const first = await signed('msg_1', loan('L-1'));
  assert.equal(first.status, 202);
  assert.equal(first.answer.status, 'accepted');
  const again = await signed('msg_1', loan('L-1'), {at: new Date(Date.now() + 1000)});
  assert.equal(again.status, 200);
  assert.equal(again.answer.id, first.answer.id);
});

test('both secrets are good while one is being changed', async () => {
  assert.equal((await signed('msg_2', loan('L-2'), {secret: OTHER_SECRET})).status, 202);
});

test('several signatures in one header are looked at one by one', async () => {
  const at = new Date(), body = loan('L-3');
  const of = (secret) => new Webhook(secret).sign('msg_3', at, body);
  const {status} = await send('/hooks/signed', {'webhook-id': 'msg_3', 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
                                                'webhook-signature': `${of('whsec_c29tZWJvZHkgZWxzZSdz')} v2,AAAA ${of(SECRET)}`}, body);
  assert.equal(status, 202);
});

test('what the client would not verify is refused', async () => {
  const late = new Date(Date.now() - 6 * 60_000), early = new Date(Date.now() + 6 * 60_000);
  for (const [what, change] of [['another body', {sent: loan('L-9')}], ['another secret', {secret: 'whsec_c29tZWJvZHkgZWxzZSdz'}],
                                ['an old timestamp', {at: late}], ['one in the future', {at: early}]])
    assert.equal((await signed('msg_9', loan('L-1'), change)).status, 401, what);
});

/// The SDK's message to our hook. Its own reader must see the same event in it.
async function deliver(message) {
  const {status, answer} = await send('/hooks/cloud', message.headers, message.body);
  return {status, answer, seen: HTTP.toEvent(message)};
}
const event = (id, more = {}) => new CloudEvent({id, source: '/los/duluth', type: 'loan.approved', subject: `L-${id}`,
                                                 time: '2026-11-20T11:00:00.000Z', data: {amount: 25000.5, note: 'Grüße 🏠'}, branch: 'duluth', ...more});

test('the SDK\'s binary and structured messages are events', async () => {
  for (const [id, mode] of [['b1', HTTP.binary], ['s1', HTTP.structured]]) {
    const message = mode(event(id));
    const first = await deliver(message);
    assert.equal(first.status, 202, id);
    assert.equal(first.answer.status, 'accepted');
    assert.equal(first.seen.id, id);
    assert.equal((await deliver(message)).status, 200, 'a repeat is none');
  }
});

test('its emitter and its own transport reach us', async () => {
  for (const [id, mode] of [['e1', Mode.BINARY], ['e2', Mode.STRUCTURED]])
    await emitterFor(httpTransport(`${HOOKS}/hooks/cloud`), {mode})(event(id));
});

test('data of other types come as they are', async () => {
  assert.equal((await deliver(HTTP.binary(event('t1', {datacontenttype: 'text/plain', data: 'a line'})))).status, 202);
  const bytes = new Uint8Array([0, 255, 16]);
  assert.equal((await deliver(HTTP.binary(event('t2', {datacontenttype: 'application/octet-stream', data: bytes})))).status, 202);
  assert.equal((await deliver(HTTP.structured(event('t3', {datacontenttype: 'application/octet-stream', data: bytes})))).status, 202);
  assert.equal((await deliver(HTTP.structured(event('t4', {data: undefined})))).status, 202);
});

test('a batch that the SDK reads as one is as many events', async () => {
  const events = ['c1', 'c2', 'c3'].map((id) => event(id));
  const message = {headers: {'content-type': 'application/cloudevents-batch+json; charset=utf-8'}, body: JSON.stringify(events)};
  const {status, answer, seen} = await deliver(message);
  assert.equal(status, 202);
  assert.deepEqual(seen.map(({id}) => id), ['c1', 'c2', 'c3']);
  assert.deepEqual(answer.events.map((one) => one.status), ['accepted', 'accepted', 'accepted']);
});

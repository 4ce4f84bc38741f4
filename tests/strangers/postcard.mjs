// Lob's own client against our double of its print API: its requests, its paging, its reading of our answers and errors.
import assert from 'node:assert/strict';
import test from 'node:test';

import {Configuration, MailType, Postcard, PostcardEditable, PostcardsApi, PscUseType, UsVerification, UsVerificationsApi,
        UsVerificationsWritable} from '@lob/lob-typescript-sdk';

const {SANDBOX, SANDBOX_CONTROL} = process.env;
const account = (username = 'test_sandbox') => new Configuration({username, basePath: `${SANDBOX}/lob/v1`});
const postcards = new PostcardsApi(account());
const reset = () => fetch(`${SANDBOX_CONTROL}/reset`, {method: 'POST'});

const card = (changes = {}) => new PostcardEditable({
  to: {name: 'Ines Okafor', address_line1: '77 Birch Ct', address_city: 'Duluth', address_state: 'MN', address_zip: '55802'},
  from: {company: 'Harbor Home Loans', address_line1: '4 Pier St', address_city: 'Duluth', address_state: 'MN', address_zip: '55802'},
  front: 'tmpl_0123456789abcde', back: 'tmpl_fedcba987654321', size: '6x9', mail_type: MailType.FirstClass,
  use_type: PscUseType.Operational, merge_variables: {trackingCode: 'K7Q2M9XA'}, metadata: {ref: 'one'}, ...changes});
/// The error that a call must end in: the client puts the vendor's words into its message.
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return {status: error.response?.status, code: error.response?.data.error.code, message: error.message,
            headers: error.response?.headers};
  }
  assert.fail('it was not refused');
}

test('creates a postcard, and reads it', async () => {
  const made = await postcards.create(card());
  assert.ok(made instanceof Postcard);
  assert.match(made.id, /^psc_/);
  assert.equal(made.object, 'postcard');
  assert.equal(made.size, '6x9');
  assert.equal(made.to.object, 'address');
  const read = await postcards.get(made.id);
  assert.equal(read.id, made.id);
  assert.match(read.url, /^https:\/\//);
  assert.equal(read.metadata.ref, 'one');
  assert.equal(read.carrier, 'USPS');
  assert.deepEqual(read.tracking_events, []);
  await reset();
});

test('makes one postcard of one idempotency key', async () => {
  const first = await postcards.create(card(), 'key-1');
  const again = await postcards.create(card(), 'key-1');
  assert.equal(again.id, first.id);
  assert.notEqual((await postcards.create(card(), 'key-2')).id, first.id);
  assert.equal((await postcards.list()).count, 2);
  await reset();
});

test('lists newest first, by pages, and by metadata', async () => {
  const ids = [];
  for (let i = 0; i < 5; ++i) ids.unshift((await postcards.create(card({metadata: {ref: `r${i % 2}`}}))).id);
  const first = await postcards.list(2, undefined, undefined, ['total_count']);
  assert.deepEqual(first.data.map(({id}) => id), ids.slice(0, 2));
  assert.equal(first.total_count, 5);
  const second = await postcards.list(2, undefined, first.nextPageToken);
  assert.deepEqual(second.data.map(({id}) => id), ids.slice(2, 4));
  const last = await postcards.list(2, undefined, second.nextPageToken);
  assert.deepEqual(last.data.map(({id}) => id), ids.slice(4));
  assert.equal(last.nextPageToken, undefined);
  const back = await postcards.list(2, last.previousPageToken);
  assert.deepEqual(back.data.map(({id}) => id), ids.slice(2, 4));
  const some = await postcards.list(10, undefined, undefined, undefined, undefined, {ref: 'r1'});
  assert.equal(some.count, 2);
  const future = new Date(Date.now() + 86400000).toISOString();
  assert.equal((await postcards.list(10, undefined, undefined, undefined, {gt: future})).count, 0);
  await reset();
});

test('cancels, and is told when it may not', async () => {
  const {id} = await postcards.create(card());
  const gone = await postcards.cancel(id);
  assert.equal(gone.id, id);
  assert.equal(gone.deleted, true);
  assert.equal((await postcards.get(id)).deleted, true);
  const unknown = await refused(postcards.cancel('psc_0000000000000000'));
  assert.equal(unknown.status, 404);
  assert.equal(unknown.code, 'not_found');
  assert.equal(unknown.message, 'postcard not found');
  await reset();
});

test('reads what the post tells', async () => {
  const {id} = await postcards.create(card());
  await fetch(`${SANDBOX_CONTROL}/emit`, {method: 'POST', body: JSON.stringify({
    vendor: 'postcard', event: {vendor: 'lob', url: `${SANDBOX}/nobody`, secret: 's', event_type: 'postcard.in_local_area'}})});
  const [seen] = (await postcards.get(id)).tracking_events;
  assert.equal(seen.name, 'In Local Area');
  assert.equal(seen.object, 'tracking_event');
  await reset();
});

test('reads our errors as its own', async () => {
  const rows = [
    [{use_type: null}, 422, 'mail_use_type_can_not_be_null'],
    [{size: '5x5'}, 422, 'invalid'],
    [{front: ''}, 422, 'invalid'],
    [{to: {name: 'x', address_line1: 'x'.repeat(51), address_city: 'y', address_state: 'MN', address_zip: '55802'}}, 422,
     'address_length_exceeds_limit'],
  ];
  for (const [changes, status, code] of rows) {
    const error = await refused(postcards.create(card(changes)));
    assert.equal(error.status, status, code);
    assert.equal(error.code, code);
    assert.notEqual(error.message, '');
  }
  assert.equal((await refused(new PostcardsApi(account('test_other')).list())).code, 'invalid_api_key');
  assert.equal((await refused(postcards.list(101))).status, 422);
});

test('verifies an address', async () => {
  const made = await new UsVerificationsApi(account()).verifySingle(new UsVerificationsWritable(
    {primary_line: '77 Birch Ct', city: 'Duluth', state: 'MN', zip_code: '55802'}));
  assert.ok(made instanceof UsVerification);
  assert.match(made.id, /^us_ver_/);
  assert.equal(made.deliverability, 'deliverable');
  assert.equal(made.components.zip_code_plus_4, '1234');
});

test('is told of the limit, in the headers too', async () => {
  await reset();
  for (let i = 0; i < 150; ++i) await postcards.list(1);
  const over = await refused(postcards.list(1));
  assert.equal(over.status, 429);
  assert.equal(over.code, 'rate_limit_exceeded');
  assert.equal(over.headers['x-rate-limit-limit'], '150');
  assert.equal(over.headers['x-rate-limit-remaining'], '0');
  assert.ok(Number(over.headers['x-rate-limit-reset']) > Date.now() / 1000 - 1);
  await reset();
});

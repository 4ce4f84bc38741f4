// HubSpot's own client against our double of its API: its requests, its reading of our answers, errors and limits, and its
// helper for webhooks against our signatures.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import test from 'node:test';

import {AssociationTypes, Client, Signature} from '@hubspot/api-client';

const {SANDBOX, SANDBOX_CONTROL} = process.env;
const client = (accessToken = 'sandbox-token') => new Client({accessToken, basePath: SANDBOX, numberOfApiCallRetries: 0});
const hubspot = client();
const {contacts, deals, companies} = hubspot.crm;
/// The error that a call must end in.
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail('it was not refused');
}
const post = (url, body) => fetch(url, {method: 'POST', body: JSON.stringify(body)});
const limits = (body) => post(`${SANDBOX}/_limits`, body);
const reset = () => fetch(`${SANDBOX_CONTROL}/reset`, {method: 'POST'});
const person = (email, more = {}) => ({properties: {email, ...more}, associations: []});
const loan = (loan_id, more = {}) => ({dealname: `Loan ${loan_id}`, pipeline: '84215301', dealstage: '153400101', loan_id, ...more});

test('creates, reads, updates, and archives', async () => {
  const made = await contacts.basicApi.create(person('ann@example.test', {firstname: 'Ann'}));
  assert.equal(made.properties.email, 'ann@example.test');
  assert.ok(made.createdAt instanceof Date && !Number.isNaN(made.createdAt.valueOf()));
  assert.equal(made.archived, false);
  const by = await contacts.basicApi.getById('Ann@example.test', ['firstname', 'phone'], undefined, undefined, false, 'email');
  assert.equal(by.id, made.id);
  assert.deepEqual([by.properties.firstname, by.properties.phone ?? null], ['Ann', null]);
  const changed = await contacts.basicApi.update(made.id, {properties: {phone: '555', firstname: ''}});
  assert.equal(changed.properties.phone, '555');
  assert.ok(changed.updatedAt >= made.createdAt);
  await contacts.basicApi.archive(made.id);
  assert.equal((await refused(contacts.basicApi.getById(made.id))).code, 404);
  await contacts.basicApi.archive(made.id);
});

test('upserts a batch by a unique property, and hears of each', async () => {
  const input = (id, trace, more) => ({id, idProperty: 'loan_id', objectWriteTraceId: trace, properties: loan(id, more)});
  const first = await deals.batchApi.upsert({inputs: [input('L-1', 'a'), input('L-2', 'b', {amount: '25000.00'}), input('L-3', 'c', {amount: 'many'})]});
  assert.equal(first.status, 'COMPLETE');
  assert.deepEqual(first.results.map((one) => [one.properties.loan_id, one._new]).sort(), [['L-1', true], ['L-2', true]]);
  assert.equal(first.numErrors, 1);
  assert.equal(first.errors[0].category, 'VALIDATION_ERROR');
  assert.deepEqual(first.errors[0].context.objectWriteTraceId, ['c']);
  const again = await deals.batchApi.upsert({inputs: [input('L-1', 'd', {branch: 'West'})]});
  assert.equal(again.results[0]._new, false);
  const read = await deals.batchApi.read({idProperty: 'loan_id', inputs: [{id: 'L-1'}, {id: 'L-2'}], properties: ['amount', 'branch'], propertiesWithHistory: []});
  assert.deepEqual(read.results.map((one) => one.properties.branch).sort(), ['West', null].sort());
  assert.ok(read.results.some((one) => one.properties.amount === '25000.00'));
});

test('writes other batches, all of them or none', async () => {
  const made = await companies.batchApi.create({inputs: ['One', 'Two', 'Three'].map((name) => ({properties: {name}, associations: []}))});
  assert.equal(made.results.length, 3);
  const ids = made.results.map(({id}) => id);
  const changed = await companies.batchApi.update({inputs: ids.map((id) => ({id, properties: {city: 'Berlin'}}))});
  assert.ok(changed.results.every(({properties}) => properties.city === 'Berlin'));
  const none = await refused(companies.batchApi.update({inputs: [{id: ids[0], properties: {city: 'Rome'}}, {id: ids[1], properties: {colour: 'x'}}]}));
  assert.equal(none.code, 400);
  assert.equal((await companies.basicApi.getById(ids[0], ['city'])).properties.city, 'Berlin');
  await companies.batchApi.archive({inputs: ids.map((id) => ({id}))});
  assert.deepEqual((await companies.basicApi.getPage(10)).results, []);
});

test('lists page by page', async () => {
  for (let i = 0; i < 5; ++i) await companies.basicApi.create({properties: {name: `Company ${i}`}, associations: []});
  const names = [];
  for (let after; ;) {
    const page = await companies.basicApi.getPage(2, after, ['name']);
    names.push(...page.results.map(({properties}) => properties.name));
    after = page.paging?.next?.after;
    if (!after) break;
  }
  assert.deepEqual(names.sort(), [0, 1, 2, 3, 4].map((i) => `Company ${i}`));
  assert.equal((await companies.getAll()).length, 5);
});

test('searches', async () => {
  const asked = {filterGroups: [{filters: [{propertyName: 'name', operator: 'IN', values: ['Company 1', 'Company 3']}]}],
                 sorts: ['-name'], properties: ['name'], limit: 1, after: '0'};
  const sorts = [{propertyName: 'name', direction: 'DESCENDING'}];
  const first = await companies.searchApi.doSearch({...asked, sorts});
  assert.equal(first.total, 2);
  assert.equal(first.results[0].properties.name, 'Company 3');
  const second = await companies.searchApi.doSearch({...asked, sorts, after: first.paging.next.after});
  assert.equal(second.results[0].properties.name, 'Company 1');
  assert.equal((await refused(companies.searchApi.doSearch({...asked, sorts, after: '10000'}))).code, 400);
});

test('ties records, and puts engagements on their timelines', async () => {
  const contact = await contacts.basicApi.create(person('bea@example.test'));
  const deal = await deals.basicApi.create({properties: loan('L-9'), associations: [
    {to: {id: contact.id}, types: [{associationCategory: 'HUBSPOT_DEFINED', associationTypeId: AssociationTypes.dealToContact}]}]});
  const about = (id, associationTypeId) => [{to: {id}, types: [{associationCategory: 'HUBSPOT_DEFINED', associationTypeId}]}];
  const note = await hubspot.crm.objects.notes.basicApi.create({
    properties: {hs_timestamp: '2026-11-02T09:00:00Z', hs_note_body: 'Hello'}, associations: about(deal.id, AssociationTypes.noteToDeal)});
  const mail = await hubspot.crm.objects.postalMail.basicApi.create({
    properties: {hs_timestamp: '1793610000000', hs_postal_mail_body: 'A card'}, associations: about(deal.id, AssociationTypes.postalMailToDeal ?? 457)});
  const tied = (type) => hubspot.crm.associations.v4.basicApi.getPage('deals', deal.id, type);
  assert.deepEqual((await tied('notes')).results.map(({toObjectId}) => String(toObjectId)), [note.id]);
  assert.deepEqual((await tied('postal_mail')).results.map(({toObjectId}) => String(toObjectId)), [mail.id]);
  const other = await contacts.basicApi.create(person('cem@example.test'));
  const link = await hubspot.crm.associations.v4.basicApi.createDefault('deals', deal.id, 'contacts', other.id);
  assert.equal(link.results[0].to.id, other.id);
  await hubspot.crm.associations.v4.basicApi.create('deals', deal.id, 'contacts', other.id, [{associationCategory: 'USER_DEFINED', associationTypeId: 37}]);
  assert.equal((await tied('contacts')).results.length, 2);
  const shown = await deals.basicApi.getById(deal.id, ['dealname'], undefined, ['contacts']);
  assert.deepEqual(shown.associations.contacts.results.map(({id}) => id).sort(), [contact.id, other.id].sort());
});

test('knows pipelines and properties, and makes one', async () => {
  const {results} = await hubspot.crm.pipelines.pipelinesApi.getAll('deals');
  assert.ok(results.find(({label}) => label === 'Loans').stages.some(({label}) => label === 'Approval'));
  const made = await hubspot.crm.properties.coreApi.create('p_loan', {
    name: 'los_id', label: 'LOS id', type: 'string', fieldType: 'text', groupName: 'engagement', hasUniqueValue: true});
  assert.equal(made.hasUniqueValue, true);
  const twice = await refused(hubspot.crm.properties.coreApi.create('p_loan', {
    name: 'los_id', label: 'LOS id', type: 'string', fieldType: 'text', groupName: 'engagement', hasUniqueValue: true}));
  assert.equal(twice.code, 409);
  assert.equal(twice.body.category, 'OBJECT_ALREADY_EXISTS');
});

test('reads our errors as its own', async () => {
  const unknown = await refused(contacts.basicApi.create(person('dan@example.test', {colour: 'red'})));
  assert.equal(unknown.code, 400);
  assert.equal(unknown.body.category, 'VALIDATION_ERROR');
  assert.equal(unknown.body.errors[0].code, 'PROPERTY_DOESNT_EXIST');
  assert.match(unknown.body.correlationId, /^[0-9a-f-]{36}$/);
  const made = await contacts.basicApi.create(person('dan@example.test'));
  const conflict = await refused(contacts.basicApi.create(person('DAN@example.test')));
  assert.equal(conflict.code, 409);
  assert.equal(conflict.body.message, `Contact already exists. Existing ID: ${made.id}`);
  assert.equal((await refused(client('nobody').crm.contacts.basicApi.getPage())).code, 401);
  const scoped = await refused(client('pat-scopes:crm.objects.contacts.read').crm.deals.basicApi.getPage());
  assert.equal(scoped.code, 403);
  assert.equal(scoped.body.category, 'MISSING_SCOPES');
  const many = Array.from({length: 101}, (_, i) => ({id: `L-${i}`, idProperty: 'loan_id', properties: loan(`L-${i}`)}));
  assert.equal((await refused(deals.batchApi.upsert({inputs: many}))).code, 400);
});

test('is told of its limits, and which', async () => {
  await reset();
  await limits({burst: 2});
  await contacts.basicApi.getPage();
  await contacts.basicApi.getPage();
  const over = await refused(contacts.basicApi.getPage());
  assert.equal(over.code, 429);
  assert.equal(over.body.policyName, 'TEN_SECONDLY_ROLLING');
  assert.equal(over.body.errorType, 'RATE_LIMIT');
  await limits({burst: 100, search: 1});
  const search = () => contacts.searchApi.doSearch({filterGroups: [], sorts: [], properties: [], limit: 1, after: '0'});
  await search();
  assert.equal((await refused(search())).body.policyName, 'SECONDLY');
  await limits({daily: 1});
  assert.equal((await refused(contacts.basicApi.getPage())).body.policyName, 'DAILY');
  await reset();
});

test('believes the signatures of our webhooks', async () => {
  const got = [];
  const server = createServer((request, response) => {
    let requestBody = '';
    request.on('data', (chunk) => (requestBody += chunk));
    request.on('end', () => {
      got.push({headers: request.headers, requestBody, url: request.url});
      response.end();
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const target = `http://127.0.0.1:${server.address().port}/in?x=1`;
  try {
    for (const version of ['v1', 'v2', 'v3'])
      await post(`${SANDBOX_CONTROL}/emit`, {vendor: 'hubspot', event: {target, version, objectId: 8801, propertyName: 'dealstage'}});
    assert.equal(got.length, 3);
    const judged = (signatureVersion, {headers, requestBody}, clientSecret = 'sandbox-client-secret') => Signature.isValid({
      signatureVersion, clientSecret, requestBody, url: target, timestamp: headers['x-hubspot-request-timestamp'],
      signature: headers[signatureVersion === 'v3' ? 'x-hubspot-signature-v3' : 'x-hubspot-signature']});
    assert.ok(judged('v1', got[0]) && judged('v1', got[2]));
    assert.ok(judged('v2', got[1]));
    assert.ok(judged('v3', got[2]));
    assert.ok(!judged('v3', got[2], 'another') && !judged('v1', got[0], 'another'));
  } finally {
    server.close();
  }
});

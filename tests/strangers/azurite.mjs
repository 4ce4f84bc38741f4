// Azure's own clients, against Azurite: fill COUNT, or tell what is left.
import {QueueServiceClient, QueueSASPermissions, StorageSharedKeyCredential as QueueKey} from "@azure/storage-queue";
import {BlobServiceClient, ContainerSASPermissions, StorageSharedKeyCredential as BlobKey} from "@azure/storage-blob";
import {readFileSync} from "node:fs";

const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";  // the emulator's, published
const queue = new QueueServiceClient(process.env.QUEUES, new QueueKey(account, key)).getQueueClient("leads");
const container = new BlobServiceClient(process.env.BLOBS, new BlobKey(account, key)).getContainerClient("leads");
const sample = JSON.parse(readFileSync(process.env.SAMPLE, "utf8"));
const expiresOn = new Date(Date.now() + 3600_000);

const lead = (number, status = "Matched") =>
  JSON.stringify({...sample, id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`, status, firstName: "Ann Canary", nameOfBusiness: "Canary & Söhne <\u{1F3E0}>"});

async function fill(count) {
  await queue.create();
  await container.create();
  for (let i = 0; i < count; ++i) {
    const text = lead(i);
    await queue.sendMessage(i % 2 ? text : Buffer.from(text).toString("base64"));
    // Half of them by both ways: one lead. Names sort against time.
    const body = lead(i + count / 2);
    await container.getBlockBlobClient(`in/${String(999 - i)} ${i % 3 ? "a" : "ä+%"}.json`).upload(body, Buffer.byteLength(body), {blobHTTPHeaders: {blobContentType: "application/json"}});
  }
  await queue.sendMessage("neither JSON nor base64!");
  const long = JSON.stringify({...JSON.parse(lead(count * 2)), nameOfBusiness: "x".repeat(9_000_000)});
  await container.getBlockBlobClient("in/long.json").upload(long, Buffer.byteLength(long));
  console.log(JSON.stringify({
    queue: await queue.generateSasUrl({permissions: QueueSASPermissions.parse("rp"), expiresOn}),
    container: await container.generateSasUrl({permissions: ContainerSASPermissions.parse("rdl"), expiresOn}),
    adds: await queue.generateSasUrl({permissions: QueueSASPermissions.parse("a"), expiresOn}),
  }));
}

async function left() {
  const blobs = [];
  for await (const blob of container.listBlobsFlat()) blobs.push(blob.name);
  console.log(JSON.stringify({messages: (await queue.getProperties()).approximateMessagesCount, blobs}));
}

const [, , command, count] = process.argv;
await (command === "fill" ? fill(Number(count)) : left());

// Fetches each URL with what NODE_EXTRA_CA_CERTS trusts.
const { urls } = JSON.parse(process.argv[2]);

for (const url of urls) console.log((await fetch(url)).status, url);

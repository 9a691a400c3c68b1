// Members made with MQTT.js, over TCP and WebSockets, MQTT 3.1.1 and 5. Publishes to their groups and
// writes what each of them got, one line a member: "<transport> <version> t <count> u <count>".
// Arguments: the directory with node_modules, the port for TCP, the port for WebSockets.

const path = require('node:path');

const [directory, tcpPort, websocketPort] = process.argv.slice(2);
const mqtt = require(require.resolve('mqtt', { paths: [path.resolve(directory)] }));

const filters = ['$share/g/t/#', '$queue/t/+', '$share/v5/u', 'u'];
const messages = 24;
const addresses = [`mqtt://127.0.0.1:${tcpPort}`, `ws://127.0.0.1:${websocketPort}/mqtt`];

function connect(address, protocolVersion) {
    return mqtt.connectAsync(address, { protocolVersion, reconnectPeriod: 0 });
}

async function makeMember(address, protocolVersion) {
    const client = await connect(address, protocolVersion);
    const member = {
        name: `${new URL(address).protocol} ${protocolVersion}`,
        client,
        topics: [],
    };
    client.on('message', (topic) => member.topics.push(topic));
    const granted = await client.subscribeAsync(filters, { qos: 1 });
    if (granted.some(({ qos }) => qos !== 1)) throw new Error('not granted to ' + member.name);
    return member;
}

async function main() {
    const members = [];
    for (const address of addresses) {
        for (const version of [4, 5]) members.push(await makeMember(address, version));
    }
    const publisher = await connect(addresses[0], 5);
    for (let number = 1; number <= messages; ++number) {
        await publisher.publishAsync('t/' + number, String(number), { qos: 1 });
        await publisher.publishAsync('u', String(number), { qos: 1 });
    }
    await publisher.endAsync();
    // The broker answers in order: what was fanned out before has arrived before the answer. Twice,
    // because the plugin may publish a copy in between.
    for (const time of [1, 2]) {
        for (const { client } of members) await client.unsubscribeAsync('nothing' + time);
    }
    for (const { name, client, topics } of members) {
        const t = topics.filter((topic) => topic !== 'u').length;
        console.log(`${name} t ${t} u ${topics.length - t}`);
        await client.endAsync();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});

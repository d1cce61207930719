import t from 'tap';
import { isPrivateAddress, literalAddress } from '../../lib/channels/addresses.ts';

t.test('what is inside', async (t) => {
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'not an address',
  ]) {
    t.ok(isPrivateAddress(address), address);
  }
});

t.test('what is outside', async (t) => {
  for (const address of [
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '223.255.255.255',
    '::ffff:8.8.8.8',
    '2606:4700:4700::1111',
    '2a00:1450::1',
  ]) {
    t.notOk(isPrivateAddress(address), address);
  }
});

t.test('the networks of the registries end where they say', async (t) => {
  for (const [last, next] of [
    ['0.255.255.255', '1.0.0.0'],
    ['10.255.255.255', '11.0.0.0'],
    ['100.127.255.255', '100.128.0.0'],
    ['127.255.255.255', '128.0.0.0'],
    ['169.254.255.255', '169.255.0.0'],
    ['172.31.255.255', '172.32.0.0'],
    ['192.0.0.255', '192.0.1.0'],
    ['192.0.2.255', '192.0.3.0'],
    ['192.88.99.255', '192.88.100.0'],
    ['192.168.255.255', '192.169.0.0'],
    ['198.19.255.255', '198.20.0.0'],
    ['198.51.100.255', '198.51.101.0'],
    ['203.0.113.255', '203.0.114.0'],
    ['::ffff:ffff', '::1:0:0'],
    ['64:ff9b::ffff:ffff', '64:ff9b::1:0:0'],
    ['64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '64:ff9b:2::'],
    ['100::ffff:ffff:ffff:ffff', '100:0:0:1::'],
    ['2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
    ['2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
    ['3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'],
    ['5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '5f01::'],
    ['fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe00::'],
    ['febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
    ['feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ] as const) {
    t.ok(isPrivateAddress(last), last);
    if (next !== null) t.notOk(isPrivateAddress(next), next);
  }
});

t.test('a host that is an address, in whatever form', async (t) => {
  for (const [url, address] of [
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://[::1]:80/', '::1'],
    ['http://[::ffff:10.0.0.1]/', '::ffff:a00:1'],
    ['http://shop.example/', null],
  ] as const) {
    t.equal(literalAddress(new URL(url).hostname), address, url);
  }
});

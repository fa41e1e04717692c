import solc from 'solc'
import { type Abi, encodeDeployData, encodeFunctionData, type Hex } from 'viem'
import type { Anvil } from './anvil.ts'

// A feed in the shape of Chainlink's AggregatorV3Interface whose round is whatever a test sets.
const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

contract Feed {
    uint8 public immutable decimals;
    string public description = "ETH / USD";
    bool private broken;
    uint80 private roundId;
    int256 private answer;
    uint256 private startedAt;
    uint256 private updatedAt;
    uint80 private answeredInRound;

    constructor(uint8 digits) {
        decimals = digits;
    }

    function set(uint80 id, int256 value, uint256 began, uint256 time, uint80 answeredIn) external {
        (roundId, answer, startedAt, updatedAt, answeredInRound) = (id, value, began, time, answeredIn);
    }

    function breakDown() external {
        broken = true;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        require(!broken, "No data present");
        return (roundId, answer, startedAt, updatedAt, answeredInRound);
    }
}
`

interface Compiled {
  readonly abi: Abi
  readonly bytecode: Hex
}

let compiled: Compiled | undefined

/** A contract on a test's chain. */
export interface FeedContract {
  readonly address: string
  /** @param startedAt - as `updatedAt` if left out */
  set(
    id: bigint,
    answer: bigint,
    updatedAt: bigint,
    answeredIn: bigint,
    startedAt?: bigint,
  ): Promise<void>
  breakDown(): Promise<void>
}

export async function deployFeed(anvil: Anvil, decimals: number): Promise<FeedContract> {
  compiled ??= compile()
  const { abi, bytecode } = compiled
  const [from] = (await anvil.call('eth_accounts', [])) as string[]

  /** Sends a transaction, and mines it. */
  async function send(transaction: Record<string, string>): Promise<{ contractAddress: string }> {
    const hash = await anvil.call('eth_sendTransaction', [{ from, ...transaction }])
    await anvil.call('evm_mine', [])
    return (await anvil.call('eth_getTransactionReceipt', [hash])) as { contractAddress: string }
  }

  const { contractAddress: address } = await send({
    data: encodeDeployData({ abi, bytecode, args: [decimals] }),
  })
  const run = async (functionName: string, args: readonly unknown[]) => {
    await send({ to: address, data: encodeFunctionData({ abi, functionName, args }) })
  }
  return {
    address,
    set: (id, answer, updatedAt, answeredIn, startedAt = updatedAt) =>
      run('set', [id, answer, startedAt, updatedAt, answeredIn]),
    breakDown: () => run('breakDown', []),
  }
}

function compile(): Compiled {
  const input = {
    language: 'Solidity',
    sources: { 'Feed.sol': { content: SOURCE } },
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    errors?: { formattedMessage: string }[]
    contracts?: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>
  }
  const contract = output.contracts?.['Feed.sol']?.['Feed']
  if (contract === undefined) {
    throw new Error(output.errors?.map(({ formattedMessage }) => formattedMessage).join('\n'))
  }
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` }
}

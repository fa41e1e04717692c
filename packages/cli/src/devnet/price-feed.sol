// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A price feed in the shape of Chainlink's AggregatorV3: what the `price-feed` probe reads.
/// Whoever deployed it writes one answer a round; nothing is ever overwritten.
contract PriceFeed {
    struct Answer {
        int256 price;
        uint256 updatedAt;
    }

    error NotOwner();
    error NoDataPresent();

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint256 public constant version = 1;
    uint8 public immutable decimals;
    string public description;

    address private immutable owner;
    uint80 private latest;
    mapping(uint80 roundId => Answer) private answers;

    constructor(uint8 decimals_, string memory description_) {
        owner = msg.sender;
        decimals = decimals_;
        description = description_;
    }

    function update(int256 price) external {
        if (msg.sender != owner) revert NotOwner();
        latest += 1;
        answers[latest] = Answer(price, block.timestamp);
        emit AnswerUpdated(price, latest, block.timestamp);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latest);
    }

    function getRoundData(uint80 roundId)
        public
        view
        returns (uint80, int256, uint256, uint256, uint80)
    {
        Answer memory answer = answers[roundId];
        if (answer.updatedAt == 0) revert NoDataPresent();
        return (roundId, answer.price, answer.updatedAt, answer.updatedAt, roundId);
    }
}

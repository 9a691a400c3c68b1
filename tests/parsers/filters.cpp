// Filters of SUBSCRIBE, below mount points and elsewhere.
#include "input.hpp"
#include "mosquitto/mount_points.hpp"
#include "shared_subscription/subscription_filter.hpp"
#include "shared_subscription/text.hpp"

using namespace shared_subscription;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(parsers::to_text(data, size));
    const auto filter = parse_subscription(text);
    const bool is_shared = filter.kind == FilterKind::shared;
    parsers::require(is_shared == !filter.share_name.empty());
    parsers::require((filter.kind == FilterKind::malformed) == (filter.problem != nullptr));
    if (is_shared) {
        parsers::require(is_share_name(filter.share_name));
        parsers::require(!filter.topic_filter.empty() && !has_group_prefix(filter.topic_filter));
        parsers::require(text.ends_with(filter.topic_filter));
    }
    parsers::require(printable(printable(text)) == printable(text));

    std::string shown = text.c_str();
    const auto before = shown;
    const MountPoints mount_points({"site/", "a", ""});
    const auto mounted = mount_points.parse(shown.data());
    parsers::require(shown.size() == before.size());
    if (mounted.is_moved) parsers::require(mounted.filter.kind == FilterKind::shared);
    if (!mounted.is_moved) parsers::require(shown == before);
    return 0;
}

package shop;

import java.util.List;

/** What the shop sells. */
record Catalogue(List<String> articles) {
    static Catalogue ofToday() {
        return new Catalogue(List.of("rope", "lantern", "map"));
    }

    String asText() {
        return String.join("\n", articles) + "\n";
    }
}

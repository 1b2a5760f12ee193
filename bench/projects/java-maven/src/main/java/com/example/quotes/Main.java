package com.example.quotes;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;

/** Serves the quotes that are packed beside the classes. */
public final class Main {
    public static void main(String[] arguments) throws IOException {
        byte[] quotes;
        try (InputStream packed = Main.class.getResourceAsStream("/quotes.txt")) {
            quotes = packed.readAllBytes();
        }
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, quotes.length);
            exchange.getResponseBody().write(quotes);
            exchange.close();
        });
        server.start();
    }

    private Main() {}
}

namespace TreeRl.Models;

/// <summary>The data of <see cref="NfcTables"/>, written by tests/tools/tokenizers/nfc-tables.mjs from Unicode 17.0.</summary>
internal static class NfcTablesData
{
    /// <summary>
    /// Base64 of a raw deflate stream of numbers, seven bits a byte, low bits first, the eighth bit set on all but the last byte of a number.
    /// First the count of ranges of combining classes, each as distance to the start of the range before, length and class; then the count of characters with a
    /// canonical decomposition, each as distance to the one before, twice the length of its full decomposition plus 1 if that composes to it again, and the parts.
    /// </summary>
    public const string Packed = """
        bZoLVFZXlufXf3/33Ptd0DzQaIxdmumqnu7qNWtW15ope9ZMdXUopRM6qdCj0ulk1polU6ESKomkjCQxMzUFiIjiCxURUVGIwBd8gSKgCIoCgu8XoBLffr4S
        38a3Tv773u8zVWvWSn5nn3P33ud9zj4fzg9k2i+E8QIuAFYfLKboBUwfjHRBWMY0tg+xBobZQBgGYQRwDUAYCPQhEAgjIH6qbsIAXUkfROWLgFyC/DDtH8Yy
        MWHMEvQBVhgWU3rAcYCyHYZt98GWMFRHU34769WMGCAW6Af0B54BngWeA54H4iADBAOBF4BBgsGCF4EhXkvYorjEYBhBDAOGAy//DEOBvwB+hEgJ8O+Av9T6
        2APDHkfq78Pz+PFvnTDcSJM5GMJmP1X5CX4y3K8NP2w9x4rl0XGJ9LjP79H/J5UwyuCE4fiFMejDECsM44YREwjDMmH8XaAPv4xUYIXxH9lkzuEzYTz7542I
        VKqNiXQ98IMO+H2Oh/M8XOsH7UjTkp8hjF+qlP4DZiIiBTEW+B+/VXm8uHFw/0DhPYH7jPXBx/KpCl/8i/ThRzod/L8X/wVZALIhyIFtZcOmrO11mbyCPvwe
        jog7Fn3YZwJh1Dvivgx3KeDGIoxdXBhzoCvEa3NfRHgN7gtBb+h+xqH5warS3v75TMeFEYc+BLgCo6vzEhLhPAf3ryMj4oTxD+L+Ak4/cRPgFHMQLfibJ+xt
        HoQhDmLRBwdhWBLGjugkRCZV85cAdPsz3wX8VRh/pTvorKeLo36vLv7J6tivFQmELQzoOrS1nqfrS9dbtDFPBgfCHCQ35eUwuix1e9bbrBw4OYkPJNh9mVYm
        Joy/lTBGSxgLBO6/h7sQcP8iLozXA334G7jj4PSHe43K4neKLXB0N4Txc7h3ALdmKfBSts3eOn36cS+7fYatWwATRlF/ePvhp9pmbbaBWxHpZLNlhZFgwmhl
        LUl60PQhkRP2w81j9eHnf7Z5tgLu38J9Fu5/hQs4/xQI4z+J+wqcX8ONgfOBlq4DHMD97+LEwR3ihBFjwvifAXciV7/zIsJ4V/UeQpM/wv1MhYlwZ4lKk0Vc
        G84SwB0LdwDc0XArAnAni67YMXC/Coh7ZTLgbh1g8IoTxhZX7NXFADp+Kr2QAGycBkwv+gf7tAFG+vCyFcZCLqvmoU4YwefDGMCU42u4HcNYzlX0mIP3SyuM
        TEsu+OsljCeRUbilRxQ8Qy7DYwGnDxN1cTvLn9sCE59pw8RnEdnEZCKPmG6LGVlpwyRQJYEqCVRJ4NdEliWyLJFliXm2mDdpm8QPSfyQxA9JWpZnB0wyPyTz
        QzI/JNPL21l2wKTwQwo/pPBDCi1S+DWFLfgNW5BKlVSqpFIllV/TWJbGsjSWpbEF42mbzg/p/JDOD+laxhZk8EMGP2TwQwa9TMqyxUzS/uawSiI+lxIRX0WJ
        GEmz3xAjafsbYuRUSsTIGZSIUcS7M+yASaCrVCKBrlKJBCqnEgl0mkok0CKVeJVO3yNepfJ7xKtUfo94lQPxHvEaVd7PtgMmkX1LIxJZURqRSLM0IpHu04jE
        qbZl/plmvyNep5cPKm0xb7BHHxJvsOxD4g225cMZtjFv8sN44k1+GE+8ya/jZ9iWSWJt6UQSa0snkvIp5dsBM5pmE4jRNJtAjKbtBGIMP3xCjGGDPiHGUOUT
        YgxVPiHGMjuRGMvsRA5sMvubQSSz8gwimZVnEMnTKRHJbEsGkcwxyCDeYkWfEW8Tk1Ti7L/DtnxBvMPB/oJ4h1V+McP+S5NUwm6V2M+YZEoZJfaPTDy/phCJ
        RBqRRKQTyUTGDBtOcp6dY8PJ8JLvl32Wl8vycjO8nK+Z6eUybXHiPYMUL4mf6uU0Me0gw8ixA+ZV1vQe8TrxgbaDfU2vsuEkValduiamPsCvcw35O87hq+zx
        e9yFb3JzjGf98dO1bSmamHZkaVVkr/KuMn42u0/EF1AiEphNJRKYTSUSmU0jEplNI5KYTSeSmE0nRjM7gRjN7AQimdkMIpnZDGJMBdcGMZaYWGEHzGvsz/sz
        bMfEc95SdIPpuVHJIfBGMN1LkiZ7OU1MElXTp7LcG+B0b4DfJibl2DNFMm1Ili0yz4bFWfs7aTQx8t8cU6XjUOBk2ZB6wBRSMkXKYofnSqlyhZaESKfRoYuX
        TLHDRbdCWaPf65T1ykbVbfN1G1WrTdmi39uUnU6WbcwBlQ84efZ/MIVBTmJhkEfhvGCWbZncYJ5tzKIgdRbq1/Jgrh1rFgZz7ZdNQzDXHmzqtLxOrdapVbda
        bVSrBv26LZhrv2huBTkXt4Oz7X82C4LcbRuCufYzZo7Ka5Vzgnkq88At1JK6YK4dML0uy48oF6jOBmWRsl71FwZztMYcbW2eyuRSZbPqXFAPF5WrtHy3slyt
        tinLtWSbX56vMlmpJR3qp1rlncE8OySmst/BfjCV/Q71g9mhrOx3uB9MV79D/RbBHO5/qJ+Yrf0P9XveHOh/qF+3ZarimuKCZm1cU1zArItrivuJVRjXFAdr
        gbJIuVi5XFmmrFauiWuK+9B0DGgeANMxoGfAc9byAU0DYJUNaBog1poBTQPGWrUDmwYGrIaBTQN/bC0Y2DQQVpFysZZXD2waeAmmY1D3oIDpGNQ8iHLPoOes
        5YOaBsEqG9Q06O/N3ME9g0eY9sHNg2E6lO2Dewb/H9P+YveLn5uWIYeHOKZ9yOEhMO1DuoeIaR/SOgQOeXjIH037S80vwXQo21/qeWkWzJGhXUPFHBm6dygc
        smsoy04MPSdW67D64THWrmH1w421X9mtPDasfnh/a8uwuuEx1vVhN4aJdX3YrWGwaodnDhdr3fDM4a51fVjm8Dhr7nB6WDycVsuVFcrq4fQwZ3jd8I/MipdX
        v3zyBTNlRN0IMVOV05T5ypkj6kZYpmBE3Yifmo1a0jSibkTANI+oGwHToiWtI+pGbDYmfgXPCeJXPAH+F/GrckrEr2oo1dhwvo9/uBV/o4kZRbV3iVFUe5cY
        Rd13iVE8cd4lRq2itOr7PZyQo0d6qpd8HxJkeTkNpqiVSiSspbSWGpV2LjU0Mf/Eqn6rlz+X9XvEa8y+T7zG6t8nXuNSfp94jdW/r0HCakpEIr2n0Xuid+uk
        aWJeJz5QiU4+IF5nRz4g3mD2w3IbzhvlejJ+qIl5gx8/VA02/UPi13TyEfFrNuwj4te0/4h4k9nxxJvMjtcyOhhPvEkH41d5J3OWdzJnebk8L8ckyRvAdC9J
        8sYx3RvHfyE+VomVfEyMJiaoxOomsB+jvX5M8PoxmpVPIMZQ7RNiDHU/oe6YLJuXwideMmaGl/OSMeVeThMzlpioEq0nEmPpdiIxlr2bSCR/yRuMSOZ8ZBDJ
        /JDBvid7nc7wkuQc7XSGJuZfGep8SvwrnX9KvMVD+TPiLXb8M+ItKn9GvMXmfEa8ReXPiH9j9nPi36jyuYbfzE7SUIeB0BfEO1T+gniHHfiCeF/7o+4ZWE1i
        XP5EptrGxFMxhYifRmka44dsL37wkvhsnbIUL4nPtqd5OV9zspdjEl9uZzPnJd8H4erFS+JzPS9eEp/refGS+FzPS27ES67nRQNuNi2VSGD7UokEDmUqdRO8
        JqZ6SYLXxFQvSfCamOolCV4TU70kwWtiqiYmkU7TiERWlEYkEekq8UM6fSR51aR7SZJXTbqXJHnVpHtJkldNupckebWle8n3oah68ZKkEs+LlySVeF68JKnE
        8+IlSSV2uZdjq5KJDJXYvgzqJ3suM7wk2XOZ4SXJnssML0n2XGZ4SbLnOcPz/DYX5STibWYnaRnrmES8zbGfNNl2TI0zT2Of+TYcypmazvfTedoG5rP8fKuf
        b9WYa56StgW+bYFvW+DbFvi2Bb5tgW9bp7Z1alvn29b5tnW+bZ3aBkyh6haqbqGvW+jrFvq6hb5uverWq269r1vv69b7uvV+m+r9NtX7bSpS2yK1LfJti3zb
        It+2yLct8m2LfNtGtW1U20bfttG3bfRtG33bRt+20bctVttitS32bYt922Lftti3LfZti33bFrVtUdsW37bFt23xbVv8sSlV3VLVLfV1S33dUl+31NdtU902
        1W3zddt83TZft81vU5vfpjZtEyPt+bY4K1TbS7P8tFXj5XlKeu70PXf6njt9z52+507fc6dvG1LbkNqGfNuQbxvybUO+bci3Dfm2NU6mDSsS5VOOxPqUIxE/
        ZY37TYvKkUifciTep8yoP6A7os3fEW02XG8HedL8qMR2RcqyomWt0TKVdIe0+TuEXwqivgqivgqivgqivgqivgqivup9X/W+r/qor/qor/qor/qor/qor/qo
        ryLfV5Hvqyjqqyjqqyjqqyjqqyjqqyjqq9P31en76oz66oz66oz66oz66oz66oz6Cvm+Qr6vUNRXKOorFPUVivoKRX2FIr5MjZOrzNG5zPTLvJmllZgaxzv5
        PP0C1S+gvinQ9aDvT1PgtNkijU7AVME7WTxf9Y43G56vesf75vkqVPvIq5VykS/za8s/Zip1Rf6jd9LkKnP8d2ymDdt7zwZMo9Pql3rnSq4yR0nP3nv4sfp8
        rD4fq8821WxTn22+T+/dC7NV99xW7jnT5rT6Gq36bs5V5ijp33tjL1fdKrBEX+cyLuB0+kPR6XgLwBuKTsfb3t5QlKqTUv+hTjnky202ZD0Ckv0KZPIrK0RC
        jiWvw4qfbqebOSMb+HPKyAZ7gJk/ssEebvZpySHlgZEN9s/N5FENtjF5oxrsgMkf1WC/aMpHNfCsGtVgDzVNWr5N2ablO0Y12IPNP1A8NarBjjW7R9HZL4hf
        Emc1f05Nbqh8U+XvVL4zqsF2zH2VH2h5dgLlyQmUc1WemtBg/9iUqVylDCmrExrsn5mHavtIWaDlcxPos1bldcr1yrqEBvsXkjcOMm1c7bPW18kN9rUYs3Nc
        cYqY3cq9yv3Kg8rDyh7lEeUx5dfKE8pT44pTAuasymHlhXHFKY65Oq44BebquEUpYm6ofEPl2yrfVvmuyndVfqDyg3GLUgab9nHFKTFmSUpxyjOmOoU+VynX
        KGuU65R1ynplo3KTcrOyRbk1hS3crnK7ckcKW7g3hTXuTWHtB1Q+oPJhlQ+r3Ktyr8rHVD6WwhZWqM+rWnJNeV15I6U4xTKPvq8le05AdiwUyK3dgHQtEciO
        YoHs/xqQ2sWAnKsEZHGL+NhfC8j+coFMrQZkB7PfbQPk4jeATHkCSMsMgWycLZC7BQKZvVwg2YcAKTkKyJFTgBw/D8jmPIFcKhPI9XVUWQLI7QpAcrqpfBaQ
        VXS1tEkg+zYCcvkEILvzBXJ2rkA62wDpnSyQ0jkC6doMSNEe/k2YFT08B8geVp5bCkh9OetdAcj2TkAOHgZkDus4/y0gWZnUY219xNUSgdSuprRBIPc3CWTG
        dUCe3ABk2QNAOqcKJKdCIE/Yvu5CgZyoYeub+Yevu4A8ptPTrKOLtq0c2DurBNJLvdMNgMzjuBw9Bshs/r1szX229CEgO1cK5ACbm5/FVrH1u4jFtwBpZguu
        swW3qZdZJJC9HA0d58dsSyMn73w9IHO3ADKVI37tEkeIQ/yADWrhuIRaAJlJ5V1HALnbBUgZm7GNE398LQfnCvvL2fqKnjf2ALK2VCB5tHjMes9NEciyDkqs
        YzXn8mIZzdjmrP1syz1AruawW/Syl2voNjvYWgXITS6kbziDbTvplDP9FQd7VTVXyXqBFG0WyB6ihGbtXLF3uFROL+UCbuKEciVmbgdkESe5nGPaeRqQafyn
        Al03AbnFobvKmamg2ZVpAilfxuXDuSz6kmZ0vznE5c3F2loQ6Xkn23ebA/agnb3kQDRzpm/zr6Jn2el7qyLDvnETZ4tjX8uxv8g/vy7i/mhn5eu/FMh3XAw7
        uMwWrhVIPudjNRu5noPTwK+ntgKSS89HlwNyhZ5buHKKd0ame88ZNpLb7yE785Cdmcm9mscRWs0FMo09esCtcXMvIFu5PxZzi09jq45wyi5f4/jd1zkXyLec
        vNUcybt0UL2MVXIPXuJi/YpDl8+B2N7KJbUvssJy2eYQB3E2Z/WcrvFdbCQrr+I6OMdFk8t6T1/mgD0GZC+H+BSxiz0/TS8tXKcb2cgldLWPvVzIabzPA6Cc
        Kj0N3PtcEUXs1k427QLPg523uU2/4+LnqtvCo6CYc9m7QCBbOJwbcrmU2dKpRAWn9iCXcjctpnCcl3KY1nMQN7G/u3jI7OZo5M8TyEFabOEwbalGQI6uhcit
        XQjIcS75r7giuni0NHEVHyfOEbM5v92c82ZWtPkJRObOEJG7hRKQBk7eo+ViydUaziVRVcv1wiPoOE+zevZ8NZfKea6I3brLOL9nif0ctSU8mnNXcjSILdzE
        VTxzznI+rhDzua4ucPJmcc/cIPZy75/muipgp6dwtu5wDBbxnxWUcTNd4Waq5pFWxhks4DHSzG51EjuIfUQ38TUxk/2dRWzhyZXFmdlyJ7IRp/Gs20rc4DqY
        wq3xLWfwXk4EPTx45vC8X8Bhz+IMNhIHeZ7mLRLIBh5GOnRnODhP1ghkE1fxbW6/K1NcyMIcCUgFj7k6Ts8FjlomB7FNJZZ1cPzur4iM3+GvuGgonSaOchDX
        cRC386g6RJxez4HdAMgBLoYjxEUe/6u4NXo5xHs4xHnRcT7ZGhns9dxb23liLt5BB0Q3J+DWrsg1VkJ0E/d4zOm5q1v3GHfFzq8jk7L0ZGRmKq+yg5yeNeci
        i/A6JyqXW3wTsYQHRek3kdV5jLhFdPGU30Ls4qzWRCfqAU+4Y/cjU9YcnagD3EJXeQvdmyWQrZyj3HmRiWrhiXmX2FkYmTe9mb4tjMzg9KLIDDZwg93gDBbz
        APiOp+PDlZEJ1e1ybE1kavPXRuZ37oZIXNK1LwjZThw+H4Qs+QyyMBOQRqLzSxeyr9GFHHzkQrY1C2RWi4yyjsSujxXrRmx9bKx1MXZrLKyLsa2xsC/GNjGn
        aWssrH2x9coGZVMsrP3KA8qDykPKw8ru2KZYsXpVPqI8qjym7NOvx5UnteSUymdUPqtyWOXzygvKi8pLfi2N2oYW9dmiVi2xDwaaA/nWVHuoOcpkwwumeLm1
        cbklpkTTZ80KTSfD1JRZlWUWTK2miy3TUWE1V1hg2lNh/b3JrrQ6Ky0xOZXWpkrLNfmVVmulFTBztPw/m1bNC9OGSgtMOyutmzCNIWtjyNJ0bcgSpptD1kOY
        hmprTTU/aPrINnW11tpa6+JsmKWt/E/TkJ+WMg356dJWs6zVwPH0Sn0x9FT0FLa8aM4f5X8wZ7zU8dLzR82tDlg9Zc65MgdWr5faXnrlqXj1qXjtqXj9qXij
        zHnLaiz33Gz0UtvLq5uNT0Wv9OrT0qtlzpZdlmzmGdRAbCXKsoOQk0vhH+mbiGxetvf1xl0eOeb3EkvTIBtnBP1D/xBxlrhDLJ4ehDSmQc4zN5Mn2k4WFVH6
        UuNH3nsryyNn4InyGMhtSpN5A55Ig2yi0E7cIO4Qhb/zj8anl4weklN40+RWRCLKzorI7XOUuEk8Ip78KVbOD0Ku8cTqYoB5gjizIAi5TOk6kcv7finjrwZK
        O4gLRBnLviPm8HA+SJwhcqoj0AO7mlhHtBILVkeuwyJK+yndWhm5+a/wTN+zhmXETJ7z+ZRqKdUQK/XuDAUhNyjdIXJ5ASwiyvQqIKpWBSGXiG/W8fzm9VBJ
        9DIbpnTlI8jDjyB5vDWao9ixLgjZxqCjtz4SQN4kFm4IQp5QyuW1fZC3SxmlrHTIyeh1vqWRTSfObqInRmphSlf03UQ8JE4xKD1NrPkY8ohCFQPnzcRF4vTH
        kMnbgpCHH0PW8kZbR2wg9IU1tyMG8phSTXvQRxYv6jJtG9Hxe0jDuSDk6DYXcppFl4kzv4cs4tW4m+gh7hFZvCk3ToAsnuBHJod2ByEdlHbwxtzVGrlKVbof
        vU9riS+JNcTxaCyjb9I5vGNLiK+JGoZ3h4h9DN9ndAchmyk9ZNkFSpN5IZ8lrvcEIWW8lduYDRGrJ0IusugxsYRPjDuUvpnoB0/fENNPBiFnGEbdZRjVyfu8
        +FM/qMr7FHI2AzKX+66QyOQFv5jfVvGld2Tqn1z/y4njxEFiGy+3zk8h9xnwTiEO7IvEat9eCEJmUSpl2fwD8C7CVgrlBxm8E1V8+pZ/G4Qco7Twc8hyxheV
        14OQQ5T2fA65QaG0JxJ3bCJm3g5C8jcGIfcp7elleHsvCGlhTL+bOM+yBQxSmo9GwkeNWS4Sd4kpDNOX3g9C1jO7hsHlFWLdF35U00HsfxSE3KPuFQY5xx+z
        c0+CkHa+DRtPRgKfEmLB/4Z0UXhE3CFWMd5fwROwjaHRmRwXspiPiOqpLqTqbCRS2kfkzXAhmYyZCom6WS5k/hwXcp8hVD6fNiv/AFlBoeEP3v8d+k/SL0RC
        rCn6xCRK/i/kS8ZaGxa6kGZKc4td//ldyr01h/HX8lIX0kBsX+ZCHv4RkpcZicZuLnchN4jiMheyjljK4Kw0Cg3YNL7Jv6rPSo5Dlr6XXMgevuf0NwsN587w
        Q8VK1w/NF61yIW2EvkcuE2uyI0F6F7GXeFjrQirrIrjCoDA7h4NY70LaGR52EpUsy2SEdYCvmmVTuKEonSEyGTzmtriQM5SycjnHjCWzGfm3EetZVrXdhXQQ
        R5g90sYJYLjZ3O5CCvl4vv8kEn0e7XQh5V0u5CSzVTs5wpROhBkFchvVckNNzmbImEcvlOrq2Ny9LqSOmMcNtfh85AzLIZbyOXGZFgX8WSOfWEKs471XoxKx
        mQgTTd2u/xvIEsbEZ4hVDIzLKW2mdH5q5C1zkGVdzO4i+ogNvS7k8lEXcviIC6mezlXF1/xNYsF0Wpx3IWcprTzuQr6myimi5gSH/RQdMLsv+ivWeeIiEZrJ
        QJuYxUj99MxIzF5FXCZy+YNdTz6dUsriY/cesycpnSHOf+NCevhKP07UzeB8UNqUBll93YWEb3DBz+T0Esui4b5G+of5Q2PVPfaPT7etRAmj/zvEmscuJGdO
        ELKTv741EddKtDKeS0sir4QD+TGQb4n5fA5fJwr4K+LqWTGQEkoNfD70rOAvbcRDZu9VCqSwir/mFcVA8vmzUuE8/txWrS2IgYSZ3cYHRy0vxnK+OtrKYiCL
        voyBXJnPa4U4yUfI9KoYSG0h91woxn+TKELEhuoYyGm+3tct4O3BJ3wlf+VsJR4Te4r4M9qGGP8Vs4W/ZTxq5IdinuXE+Y3Mbo2B3GV2SmsMZNb2GEhBWwxk
        E3/46F7ES5TSY2IKnzaziQXEJiJzV8z/Aw==
        """;
}
